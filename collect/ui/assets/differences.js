// Marking the words in which two responses differ, without touching what they show (CSS Custom Highlight API).

const MOST_WORDS = 3_000; // of each response that are compared; a table of their square is filled
const WORD = /[\p{L}\p{N}\p{M}_]+|[^\s\p{L}\p{N}\p{M}_]/gu;
const NAME = "difference";

export function clearDifferences() {
  CSS.highlights.delete(NAME);
}

// Returns a sentence for the person.
export function showDifferences(first, second) {
  const [a, b] = [wordsOf(first), wordsOf(second)];
  if (Math.max(a.length, b.length) > MOST_WORDS) return "These are too long to compare word by word.";
  const [onlyA, onlyB] = differing(a.map((word) => word.text), b.map((word) => word.text));
  const changed = [...onlyA.map((index) => a[index]), ...onlyB.map((index) => b[index])];
  CSS.highlights.set(NAME, new Highlight(...changed.map(rangeOf)));
  return changed.length ? `${onlyA.length} words only in A, ${onlyB.length} only in B.` : "The words are the same.";
}

function wordsOf(element) {
  const words = [];
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  while (walker.nextNode())
    for (const match of walker.currentNode.data.matchAll(WORD))
      words.push({ node: walker.currentNode, start: match.index, text: match[0] });
  return words;
}

function rangeOf({ node, start, text }) {
  const range = new Range();
  range.setStart(node, start);
  range.setEnd(node, start + text.length);
  return range;
}

// Indices of the words outside a longest common subsequence of a and b.
export function differing(a, b) {
  const lengths = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      lengths[i][j] = a[i] === b[j] ? lengths[i + 1][j + 1] + 1 : Math.max(lengths[i + 1][j], lengths[i][j + 1]);
  const [onlyA, onlyB] = [[], []];
  let [i, j] = [0, 0];
  while (i < a.length && j < b.length) {
    if (a[i] === b[j]) [i, j] = [i + 1, j + 1];
    else if (lengths[i + 1][j] >= lengths[i][j + 1]) onlyA.push(i++);
    else onlyB.push(j++);
  }
  while (i < a.length) onlyA.push(i++);
  while (j < b.length) onlyB.push(j++);
  return [onlyA, onlyB];
}
