"""`python -m studioctl`."""

from studioctl.cli.main import main

if __name__ == "__main__":
    main()
