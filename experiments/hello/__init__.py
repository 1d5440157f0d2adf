"""The smallest recurrent network that shows what recurrence is for, in NumPy alone."""
