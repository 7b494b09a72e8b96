"""From a manifest to something to look at: contact sheets, figures, cards."""
