package diag

// say holds the words that people read.
var say = struct{ error, warning, suggest, more, moreErrors string }{
	error:      "fel",
	warning:    "varning",
	suggest:    "Menade du %q?",
	more:       "… och %d till. Rätta de första och kör igen.\n",
	moreErrors: " (och %d fel till)",
}
