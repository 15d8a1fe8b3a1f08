"""The report of a study: one HTML page, a study card for a paper's appendix, and an RO-Crate."""
