"""One file per task. A module that exports `TASK` is a task; its file name is the task's name."""
