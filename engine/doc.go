// Package engine turns answers into requirements, with reasons.
//
// The walk of the data:
//
//	catalogs/*.toml ── catalog.Load ──▶ *catalog.Catalog   an author's mistakes end here
//	answers ────────── NewFacts ──────▶ *Facts             a respondent's mistakes end here
//	Facts ──────────── Derive ────────▶ *Derivation        which requirements apply, why, with what text: total
//	Derivation ─────── workbook.Write ▶ .xlsx              only I/O can fail
//
// Each step takes the previous one's result and nothing global. Only the first
// two can complain: after them every id is a pointer and every condition is
// compiled, so the rest is total. The package is pure: no clock, no files, no
// log; today's date and the files arrive as arguments.
//
// Beside the walk, Facts tells what is left to ask (Pending) and what would
// follow from other levels and answers (WhatIf, which complains as NewFacts
// does, and Steps). A Derivation tells of the author's rows behind a verdict
// (Rows) and of what would turn it (Flips), and is written down so that others
// can check it (Certify). Its Lines are the list for a supplier, with what the
// buyer has tailored beside what was found, and Compared puts what came back
// side by side.
//
// A B-classification goes on from the Derivation: Inherit gathers what is offered
// from prefills, agreements, common answers (How), other classifications'
// snapshots and what suppliers have said, and Assess tells what each response
// comes to, on whose word, and whether that word still stands. An offer counts
// only when somebody has accepted it, and never for more than it is.
//
// Unknown is the zero value of every verdict and never means no. An unanswered
// question, an answer "vet ej" and an unrated level leave a set of possible
// values; a requirement applies when its condition holds for all of them, does
// not when it holds for none, and is otherwise unknown.
package engine
