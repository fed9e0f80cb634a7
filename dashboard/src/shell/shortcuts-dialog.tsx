import { Dialog } from '../ui/dialog.tsx'
import { Kbd } from '../ui/keyboard.tsx'

const GROUPS: { title: string; keys: [string[], string][] }[] = [
  {
    title: 'Everywhere',
    keys: [
      [['p'], 'Plans'],
      [['n'], 'New plan'],
      [['w'], 'Workers and queues'],
      [['?'], 'This list'],
    ],
  },
  {
    title: 'Lists and the timeline',
    keys: [
      [['j', 'k'], 'Next, previous'],
      [['Enter'], 'Open'],
      [['/'], 'Search'],
      [['Esc'], 'Leave the search, close the panel'],
    ],
  },
  {
    title: 'A plan',
    keys: [
      [['1', '–', '6'], 'Timeline, synthesis, conflicts, todos, report, compare'],
      [['+', '-'], 'Zoom in, zoom out'],
      [['←', '→'], 'Move along the timeline'],
      [['0'], 'The whole timeline'],
    ],
  },
]

export function ShortcutsDialog(props: { open: boolean; onOpenChange: (open: boolean) => void }) {
  return (
    <Dialog {...props} title="Keyboard shortcuts">
      <div className="space-y-5">
        {GROUPS.map((group) => (
          <section key={group.title}>
            <h3 className="eyebrow mb-1.5">{group.title}</h3>
            <dl className="divide-y divide-line">
              {group.keys.map(([keys, does]) => (
                <div key={does} className="flex items-center justify-between gap-4 py-1.5">
                  <dt>{does}</dt>
                  <dd className="flex gap-1">
                    {keys.map((key) => (
                      <Kbd key={key}>{key}</Kbd>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  )
}
