"""Reading in processes beside the server's: as many CPUs as there are run Python, not one of them at a time."""
