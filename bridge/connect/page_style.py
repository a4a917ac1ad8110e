"""The style of the connect pages, which is in each of them; its tokens are those of all other pages."""

PAGE_STYLE = """
:root {
  color-scheme: light dark;
  --ground: #f5f6f8; --paper: #ffffff; --ink: #1a1f29; --soft: #58606e; --line: #dfe3e9;
  --accent: #1f5fbf; --accent-strong: #184d9c; --on-accent: #ffffff; --link: #1d59b5; --focus: #b85c00;
  --warn: #fdf1d8; --warn-line: #d98c00; --shadow: 0 1px 2px rgb(20 28 45 / 6%);
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #12151a; --paper: #1a1e25; --ink: #e6e9ef; --soft: #a1aab9; --line: #2c323c;
    --accent: #2e6bcb; --accent-strong: #2560bb; --on-accent: #ffffff; --link: #8fb8ff; --focus: #f0a840;
    --warn: #362b10; --warn-line: #e0a030; --shadow: none;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 42rem; padding: 1.5rem 1rem 3rem; background: var(--ground); color: var(--ink);
  font: 1.0625rem/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
  overflow-wrap: anywhere;
}
header, footer { color: var(--soft); font-size: .9375rem; padding: 0 .25rem; }
header { color: var(--ink); font-weight: 650; font-size: 1.0625rem; letter-spacing: -.01em; margin-bottom: .75rem; }
footer { font-size: .8125rem; margin-top: 1rem; }
main {
  background: var(--paper); border: 1px solid var(--line); border-radius: .625rem; padding: 1.5rem;
  box-shadow: var(--shadow);
}
h1 { font-size: 1.5rem; line-height: 1.25; letter-spacing: -.01em; margin: 0 0 1rem; }
h2 { font-size: 1.0625rem; line-height: 1.35; margin: 2rem 0 .5rem; }
p { margin: 1rem 0; }
ul { margin: .5rem 0 0; padding-left: 1.25rem; }
li { margin: .4rem 0; }
a { color: var(--link); text-underline-offset: .15em; text-decoration-thickness: 1px; }
a:hover { text-decoration-thickness: 2px; }
dl { display: grid; grid-template-columns: 1fr; margin: 1rem 0; }
dt { color: var(--soft); }
dd { margin: 0 0 .35rem; font-weight: 600; }
fieldset {
  border: 1px solid var(--line); border-radius: .375rem; padding: .5rem 1rem; margin: 1rem 0; min-width: 0;
}
legend { padding: 0 .4rem; color: var(--soft); font-size: .8125rem; }
label { display: flex; gap: .6rem; align-items: baseline; padding: .5rem 0; }
input { accent-color: var(--accent); }
button, .button {
  display: inline-block; font: inherit; font-weight: 600; line-height: 1.35; padding: .65rem 1.4rem; border: 0;
  border-radius: .375rem; background: var(--accent); color: var(--on-accent); text-decoration: none;
  cursor: pointer;
}
button:hover, .button:hover { background: var(--accent-strong); }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; border-radius: 3px; }
.notice {
  background: var(--warn); border-left: .25rem solid var(--warn-line); border-radius: .375rem; padding: .75rem 1rem;
}
.code { color: var(--soft); font-size: .9375rem; margin-bottom: 0; }
@media (min-width: 36rem) {
  body { padding-top: 3rem; }
  main { padding: 2rem 2.25rem; }
  dl { grid-template-columns: max-content 1fr; gap: .35rem 1.5rem; }
}
"""
