// Pages that are printed: their button for who has no keyboard.
for (const button of document.querySelectorAll('[data-act="print"]')) button.addEventListener('click', () => print());
