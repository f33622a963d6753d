// In training every part of the page bears the word, in the language of the page. Styles write it; they learn it here.
const word = document.body.dataset.training;
if (word) document.documentElement.style.setProperty('--training-word', JSON.stringify(word));
