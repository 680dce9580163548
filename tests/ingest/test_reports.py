"""Report numbers are told from everything else that is hyphenated."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.reader import read_file
from ingest.reports import is_report_number, report_number_in


@pytest.mark.parametrize(
    ("source", "number"),
    [
        ("CMS Physics Analysis Summary CMS-PAS-SUS-16-024 (2016)", "CMS-PAS-SUS-16-024"),
        ("ATLAS-CONF-2020-040", "ATLAS-CONF-2020-040"),
        ("ATL-PHYS-PUB-2015-045, 2015", "ATL-PHYS-PUB-2015-045"),
        ("ATLAS-TDR-19-ADD-1, url: https://cds.cern.ch/record/1", "ATLAS-TDR-19-ADD-1"),
        ("https://cds.cern.ch/record/1/files/ATL-PHYS-PUB-2015-045.pdf", "ATL-PHYS-PUB-2015-045"),
        ("CERN-LHCC-2006-001", "CERN-LHCC-2006-001"),
        ("CERN-PH-EP/2012-218", "CERN-PH-EP/2012-218"),
        ("preprint CERN-TH.7112/93", "CERN-TH.7112/93"),
        ("FERMILAB-PUB-12-345-E", "FERMILAB-PUB-12-345-E"),
        ("SLAC-R-236, 1980", "SLAC-R-236"),
        ("DESY-F31-86-02", "DESY-F31-86-02"),
        ("LHCb-PAPER-2013-010", "LHCb-PAPER-2013-010"),
        ("CMS--SUS–16‐043", "CMS-SUS-16-043"),
        ("ATL-PHYS-PUB-\n2011-014", "ATL-PHYS-PUB-2011-014"),
        ("A. Theorist, IFT-UAM-CSIC-17-001", "IFT-UAM-CSIC-17-001"),
        ("A. Theorist, BONN-TH-2016/03", "BONN-TH-2016/03"),
        ("A. Author, Leptons, report ABC4L-LEPTONS (2018)", "ABC4L-LEPTONS"),
        ("Us, report OUR-LEPTONS.", "OUR-LEPTONS"),
        ("technical Note No. XY2-017", "XY2-017"),
    ],
)
def test_the_numbers_of_collaborations_and_laboratories_are_found(source: str, number: str) -> None:
    assert report_number_in(source) == number


@pytest.mark.parametrize(
    "source",
    [
        "CERN Yellow Reports",
        "the POWHEG-BOX-V2 program, JHEP 06 (2010) 043",
        "results of PICO-60, LUCID-2 and XENON-100",
        "Nucl. Instrum. Meth. 10.1016/S0168-9002(03)01368-8",
        "CMS-like detectors at Run-2, H1-type, CMS-2, UTF-8 and ISO-8859",
        "data of 2015-2016 at LEP-II; MG5-AMC and HERWIG-7",
        "10.1103/BONN-TH-2016-03",
        "report on the POWHEG-BOX",
    ],
)
def test_names_of_programs_detectors_and_runs_are_no_report_numbers(source: str) -> None:
    assert report_number_in(source) is None


def test_what_is_typed_may_be_small_where_the_series_is_known() -> None:
    assert is_report_number("cms-sus-16-043")
    assert is_report_number("IFT-UAM-CSIC-17-001")
    assert not is_report_number("my-note-17-001")
    assert not is_report_number("CMS-SUS-16-043 and more")


# By label, as printed in each bibliography, read by eye. Where two stand in an entry, the first.
PRINTED = {
    "pdf/1605.03814.pdf": {
        27: "ATLAS-TDR-19",
        33: "ATL-PHYS-PUB-2012-003",
        69: "ATL-PHYS-PUB-2010-013",
        76: "ATL-PHYS-PUB-2015-015",
        79: "ATLAS-CONF-2015-029",
        81: "ATL-PHYS-PUB-2015-041",
        82: "ATL-PHYS-PUB-2015-023",
        83: "ATLAS-CONF-2012-123",
    },
    "pdf/1704.03848.pdf": {
        26: "ATLAS-TDR-19",
        27: "ATLAS-TDR-19-ADD-1",
        31: "ATL-PHYS-PUB-2014-021",
        45: "ATL-PHYS-PUB-2016-003",
        46: "ATL-PHYS-PUB-2011-014",
        50: "ATL-PHYS-PUB-2011-007",
        60: "ATL-PHYS-PUB-2015-026",
        64: "ATLAS-CONF-2012-020",
        85: "ATL-GEN-PUB-2016-002",
    },
    "pdf/1705.04673.pdf": {62: "CMS-PAS-BTV-15-001", 63: "CMS-PAS-LUM-17-001", 65: "CMS-NOTE-2011-005"},
    "pdf/1706.09933.pdf": {
        40: "CMS-PAS-PFT-09-001",
        41: "CMS-PAS-PFT-10-001",
        80: "CMS-NOTE-2017-001",
        84: "ATL-PHYS-PUB-2011-011",
        87: "CMS-PAS-LUM-17-001",
    },
    "pdf/1710.09154.pdf": {52: "CMS-PAS-JME-16-004", 77: "ATL-PHYS-PUB-2011-11"},
    "pdf/1711.08008.pdf": {
        27: "CMS-DP-2012-022",
        74: "CERN-LHCC-2015-010",
        78: "CMS-PAS-LUM-17-001",
        82: "CMS-NOTE-2011-005",
    },
    "eprint/2203.01808.tar.gz": {
        16: "ATLAS-CONF-2019-021",
        23: "ATL-SOFT-PUB-2021-001",
        26: "ATL-PHYS-2003-031",
        34: "SLAC-R-236",
        35: "SLAC-R-255",
        36: "DESY-F31-86-02",
        37: "ATL-SOFT-PUB-2021-003",
    },
}


@pytest.mark.parametrize("name", PRINTED)
def test_real_bibliographies_give_all_their_report_numbers_and_no_others(shared: Path, name: str) -> None:
    document = read_file(shared / "papers" / name, arxiv_id="x")
    found = {int(one.label): one.report_number for one in document.references if one.report_number}
    assert found == PRINTED[name]
