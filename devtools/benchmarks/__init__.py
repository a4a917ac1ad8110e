"""What Minutekeeper takes: how late, how many, how much, each measured beside something else in the same run."""
