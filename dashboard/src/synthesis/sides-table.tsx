interface Side {
  label: string
  text: string | undefined
}

/** The versions of one file, next to each other if there is space. */
export function SidesTable({ sides }: { sides: Side[] }) {
  return (
    <div className="grid gap-3 @3xl:grid-cols-2">
      {sides
        .filter((side): side is Side & { text: string } => side.text !== undefined)
        .map((side) => (
          <div key={side.label} className="min-w-0">
            <h4 className="eyebrow mb-1">{side.label}</h4>
            <pre className="plain-text max-h-72 overflow-auto">{side.text}</pre>
          </div>
        ))}
    </div>
  )
}
