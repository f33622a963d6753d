// The first argument of a process that is to be confined.
#define GARITA_CONFINED "confined"

extern int garita_landlock;
extern int garita_errno;
extern int garita_statm;
