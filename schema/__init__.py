"""What is true of a clip: conventions, cameras, motion vocabulary, records, specs and receipts."""
