"""What tasks read, a module for each kind of input; see `InputKind`. A task's own kind may lie beside the task."""
