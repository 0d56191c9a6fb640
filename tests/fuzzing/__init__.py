"""Hostile input, by the hundred thousand: ``make fuzz``. What was found stays in `corpus`, which the tests read too."""
