package cases

import (
	"context"
	"slices"

	"garita/border"
	"garita/border/watch"
)

// reach says whom a late hit is told to.
func (s *Service) reach(ctx context.Context, f *finding) (err error) {
	if f.late == "" || f.handling == watch.Silent {
		return nil
	}
	if f.passage, err = s.passage(ctx, f); err == nil {
		f.expected, err = s.expected(ctx, f)
	}
	return err
}

// passage is the post where the traveller passed and, if the station that recorded it says in its
// hello that it is elsewhere now, also that one: at the first there may be nobody left.
func (s *Service) passage(ctx context.Context, f *finding) ([]border.PostID, error) {
	now, err := s.cfg.Register.PostOf(ctx, f.key.Station)
	if err != nil || now == f.post || now == "" {
		return []border.PostID{f.post}, err
	}
	posts, err := s.posts(ctx)
	if err != nil || slices.Contains(posts, f.post) {
		return []border.PostID{f.post}, err
	}
	return []border.PostID{f.post, now}, nil
}

// expected says where a traveller whose hit came late can still be met: at the exit that he has
// named, if there is such a post, else at every exit, if he has been let in and is not known to
// have left.
func (s *Service) expected(ctx context.Context, f *finding) ([]border.PostID, error) {
	if f.direction != border.Entry || f.outcome != string(border.Admitted) {
		return nil, nil
	}
	stay, err := s.cfg.Register.StayOf(ctx, f.crossing)
	if err != nil && border.CodeOf(err) != border.NotFound {
		return nil, err
	}
	if err == nil && stay.Exit != nil {
		return nil, nil
	}
	declared := border.PostID(f.declared)
	if slices.Contains(s.cfg.ExitPosts, declared) {
		return []border.PostID{declared}, nil
	}
	posts, err := s.posts(ctx)
	switch {
	case err != nil:
		return nil, err
	case slices.Contains(posts, declared):
		return []border.PostID{declared}, nil
	case len(s.cfg.ExitPosts) > 0:
		return s.cfg.ExitPosts, nil
	}
	return posts, nil
}

// posts are those of the stations that the register knows.
func (s *Service) posts(ctx context.Context) ([]border.PostID, error) {
	stations, err := s.cfg.Register.Stations(ctx)
	if err != nil {
		return nil, err
	}
	var posts []border.PostID
	for _, st := range stations {
		if st.Post != "" && !slices.Contains(posts, st.Post) {
			posts = append(posts, st.Post)
		}
	}
	return posts, nil
}
