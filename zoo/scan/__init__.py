"""The recurrence that is linear in its state, over all steps of a sequence: `zoo.scan.linear`."""
