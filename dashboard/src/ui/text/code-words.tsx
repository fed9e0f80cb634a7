/** A line of text in which words between backticks are code; other Markdown is ignored. */
export function CodeWords({ text }: { text: string }) {
  const parts = text.split('`')
  // An odd number of backticks: one of them is literal.
  if (parts.length % 2 === 0) return text
  return parts
    .map((part, index) => ({ part, isCode: index % 2 === 1, at: `${index}:${part}` }))
    .map(({ part, isCode, at }) =>
      isCode ? (
        <code key={at} className="rounded bg-neutral-soft px-1 font-mono text-[0.875em]">
          {part}
        </code>
      ) : (
        part
      ),
    )
}
