// Finds phrases without regard to case and accents. Nothing here touches the page.

const known = new Map();

function foldedCharacter(character) {
  let plain = known.get(character);
  if (plain === undefined) {
    plain = character.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
    known.set(character, plain);
  }
  return plain;
}

// The text as it is compared, and where each of its characters stands in the original; null if at the same place.
export function folded(text) {
  if (/^[\x00-\x7f]*$/.test(text)) return { text: text.toLowerCase(), places: null };
  let plain = "";
  const places = [];
  let place = 0;
  for (const character of text) {
    const part = foldedCharacter(character);
    for (let each = 0; each < part.length; each += 1) places.push(place);
    plain += part;
    place += character.length;
  }
  places.push(place);
  return { text: plain, places };
}

// Start and end of every place of a phrase in the original text, which do not overlap.
export function* placesOf(phrase, { text, places }) {
  if (!phrase) return;
  for (let at = text.indexOf(phrase); at >= 0; at = text.indexOf(phrase, at + phrase.length)) {
    const end = at + phrase.length;
    yield places ? [places[at], places[end]] : [at, end];
  }
}
