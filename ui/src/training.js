// In training every part of the page bears the word, in the language of the page. Styles write it; they learn it here.
const word = document.body.dataset.training;
if (word) document.documentElement.style.setProperty('--training-word', JSON.stringify(word));

// The list of invented documents stands below everything: who has put one on the reader looks at what it opens.
document.addEventListener('click', (e) => {
  if (word && e.target.closest?.('[data-act="present"]')) scrollTo(0, 0);
});
