"""The ground floor: documents, selection criteria, vocabulary, store, search, distillation."""
