package journal_test
import ("testing";"context";"os";"garita/border";"garita/border/journal";"sync";"sync/atomic")
func BenchmarkZZ(b *testing.B){
 os.Setenv("TMPDIR","/dev/shm"); r:=newRig(b); j:=r.open(); defer j.Close()
 es:=make([]*journal.Entry,b.N); for i:=range es{ id:=r.id(); es[i]=r.crossing(id,1); bl:=border.BlindIndex(id); for k:=range bl{bl[k]=id[15-k]}; es[i].Document=&bl}
 b.ResetTimer()
 for _,e:=range es{ if _,err:=j.Append(context.Background(),e);err!=nil{b.Fatal(err)} }
}
func BenchmarkZZG(b *testing.B){
 os.Setenv("TMPDIR","/dev/shm"); r:=newRig(b); j:=r.open(); defer j.Close()
 es:=make([]*journal.Entry,b.N); for i:=range es{ id:=r.id(); es[i]=r.crossing(id,1); bl:=border.BlindIndex(id); for k:=range bl{bl[k]=id[15-k]}; es[i].Document=&bl}
 b.ResetTimer()
 var n atomic.Int64; var wg sync.WaitGroup
 for range 64 { wg.Go(func(){ for { i:=n.Add(1)-1; if int(i)>=len(es){return}; j.Append(context.Background(),es[i]) } }) }
 wg.Wait()
}
