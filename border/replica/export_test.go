package replica

// OnStep has f called between the steps of Receive and Apply.
func (c *Config) OnStep(f func(name string) error) { c.step = f }

// SyncEvery is after how many bytes a large file is synced.
const SyncEvery = syncEvery
