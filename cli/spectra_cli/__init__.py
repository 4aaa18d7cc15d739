"""The command line of spectra: parse, call the library, write."""
