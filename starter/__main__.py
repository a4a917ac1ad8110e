"""The command `minutekeeper`, and `python -m starter`."""

from minutekeeper import keyboard_interrupt  # noqa: F401 - it works by being loaded before all that takes time

# isort: split

from starter.cli import main

if __name__ == "__main__":
    main()
