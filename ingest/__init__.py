"""Turn an arXiv id or a file into a Document and passages."""
