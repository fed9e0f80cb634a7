import { useEffect, useRef } from 'react'
import type { TaskFinding } from '../api/types.ts'
import { classNames } from '../ui/class-names.ts'
import { usePaging } from '../ui/hooks/use-paging.ts'
import { MoreButton } from '../ui/more-button.tsx'
import { Empty } from '../ui/page-states.tsx'
import { SeverityBadge } from '../ui/status.tsx'
import { CodeWords } from '../ui/text/code-words.tsx'
import { Markdown } from '../ui/text/markdown.tsx'

interface FindingsPartProps {
  findings: readonly TaskFinding[]
  /** The finding that a link led to. */
  shown: string | undefined
}

export function FindingsPart({ findings, shown }: FindingsPartProps) {
  const { shown: visible, left, more } = usePaging(findings, 50)
  if (findings.length === 0) return <Empty title="No findings" />
  const wanted = findings.find(({ id }) => id === shown)
  const listed = wanted === undefined || visible.includes(wanted) ? visible : [wanted, ...visible]
  return (
    <div className="pt-5">
      <ul className="space-y-5">
        {listed.map((finding) => (
          <FindingEntry key={finding.id} finding={finding} current={finding.id === shown} />
        ))}
      </ul>
      <MoreButton left={left} onClick={more} />
    </div>
  )
}

function FindingEntry({ finding, current }: { finding: TaskFinding; current: boolean }) {
  const element = useRef<HTMLLIElement>(null)
  useEffect(() => {
    if (current) element.current?.scrollIntoView({ block: 'center' })
  }, [current])
  return (
    <li
      ref={element}
      aria-current={current || undefined}
      className={classNames(
        'rounded-lg',
        current && 'outline-2 outline-offset-8 outline-synthesis',
      )}
    >
      <div className="flex items-start gap-2.5">
        <SeverityBadge severity={finding.severity} />
        <div className="min-w-0 flex-1">
          <h3 className="leading-5 font-medium break-words">
            <CodeWords text={finding.title} />
          </h3>
          <p className="mt-0.5 font-mono text-xs break-all text-ink-3">
            {finding.id}
            {finding.file !== undefined && ` · ${finding.file}`}
            {finding.file !== undefined && finding.line !== undefined && `:${finding.line}`}
            {` · ${Math.round(finding.confidence * 100)}% sure`}
          </p>
        </div>
      </div>
      <div className="mt-2 space-y-2 text-sm">
        {finding.detail !== undefined && <Markdown text={finding.detail} />}
        {finding.evidence !== undefined && (
          <pre className="plain-text max-h-60 overflow-auto">{finding.evidence}</pre>
        )}
        {finding.recommendation !== undefined && <Markdown text={finding.recommendation} />}
      </div>
    </li>
  )
}
