package wording

import (
	"garita/border/access"
	"garita/ui/i18n"
)

var acts = map[access.Action]i18n.Msg{
	access.Public: "act::Opened a public page", access.SignIn: "act::Signed in", access.SignOut: "act::Signed out", access.ApproveOther: "act::Agreed as the second person",
	access.SwitchUser: "act::Took over at a counter", access.LockSession: "act::Locked", access.Unlock: "act::Unlocked", access.TakeRoster: "act::Took a roster",
	access.AskSecond: "act::Asked a second person", access.OwnKeys: "act::Worked on their own passkeys", access.Start: "act::Opened the first page",
	access.TrainingEntered: "act::Began training", access.TrainingLeft: "act::Left training",
	access.CounterRead: "act::Looked at a counter", access.CounterWork: "act::Worked at a counter", access.RecordRead: "act::Read a recorded crossing",
	access.RecordCorrect: "act::Corrected a crossing", access.HitOverride: "act::Passed a hit", access.LateCorrect: "act::Corrected after the shift",
	access.RefuseEntry: "act::Refused entry", access.LiftNeed: "act::Lifted a note of protection", access.BiometricsOff: "act::Went without fingerprints",
	access.WorkshopRead: "act::Looked at the workshop", access.WorkshopWork: "act::Worked on scanners", access.ProfileOverride: "act::Installed a scanner’s profile",
	access.ProfilePropose: "act::Proposed a learned profile", access.ProfileDecide: "act::Decided on a learned profile",
	access.FlowsRead: "act::Looked at the flows", access.AlarmWork: "act::Acknowledged an alarm", access.ReportsRead: "act::Read a report",
	access.ReportsExport: "act::Took a report’s file", access.RegisterRead: "act::Read the register", access.StaysRead: "act::Read stays",
	access.PersonSearch: "act::Searched for a person", access.RecordsExport: "act::Exported records", access.ListsRead: "act::Read about listed people",
	access.ListsWork: "act::Worked on lists", access.ListsDecide: "act::Decided a change of the lists", access.CasesRead: "act::Read a case",
	access.CasesWork: "act::Worked on a case", access.CasesClose: "act::Closed a high-risk case", access.ReviewRead: "act::Looked at reviews",
	access.ReviewDecide: "act::Decided a review", access.ProtectionRead: "act::Read a note of protection", access.AuditRead: "act::Read the audit",
	access.OfficersRead: "act::Looked at accounts", access.OfficersWork: "act::Changed an account", access.OwnPIN: "act::Changed their own PIN",
	access.StationsRead: "act::Looked at the stations", access.StationsWork: "act::Changed which stations belong", access.Retention: "act::Erased by policy",
	access.RetentionLong: "act::Kept data longer", access.SubjectWork: "act::Worked on one person’s rights", access.BackupWork: "act::Made or read a backup",
}

// Act says in the past what an action of the audit is; "" for one of a newer program.
func Act(p *i18n.Printer, a access.Action) string {
	if m := acts[a]; m != "" {
		return p.T(m)
	}
	return ""
}
