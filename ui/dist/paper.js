for(let t of document.querySelectorAll('[data-act="print"]'))t.addEventListener("click",()=>print());
