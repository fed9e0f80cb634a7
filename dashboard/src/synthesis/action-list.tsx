import type { Synthesis } from '../api/types.ts'
import { usePaging } from '../ui/hooks/use-paging.ts'
import { MoreButton } from '../ui/more-button.tsx'
import { Section } from '../ui/section.tsx'
import { CodeWords } from '../ui/text/code-words.tsx'
import { FindingLink } from './finding-link.tsx'

export function ActionList({ actions }: { actions: Synthesis['actions'] }) {
  const { shown, left, more } = usePaging(actions, 8)
  if (actions.length === 0) return null
  return (
    <Section title="What to do first">
      <ol className="space-y-3.5">
        {shown.map((action) => (
          <li key={action.rank} className="grid grid-cols-[1.5rem_minmax(0,1fr)] gap-x-1">
            <span className="tabular font-medium text-ink-3">{action.rank}</span>
            <div className="min-w-0">
              <p className="font-medium break-words">
                <CodeWords text={action.action} />
              </p>
              <p className="mt-0.5 text-sm break-words text-ink-2">
                <CodeWords text={action.why} />
              </p>
              <div className="mt-1 flex flex-wrap gap-1">
                {action.findings.slice(0, 8).map((finding) => (
                  <FindingLink key={finding} finding={finding} />
                ))}
                {action.findings.length > 8 && (
                  <span className="text-xs leading-5 text-ink-3">
                    and {action.findings.length - 8} more
                  </span>
                )}
              </div>
            </div>
          </li>
        ))}
      </ol>
      <MoreButton left={left} onClick={more} />
    </Section>
  )
}
