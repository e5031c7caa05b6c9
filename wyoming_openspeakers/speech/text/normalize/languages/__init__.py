"""One data file per language, named by its ISO 639 code; a new language is a new file with its `LANGUAGE`."""
