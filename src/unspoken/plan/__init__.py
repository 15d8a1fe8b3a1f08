"""The plan of a study: what each rule of the workflow depends on, and its files."""
