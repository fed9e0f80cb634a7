import { Link, useParams } from '@tanstack/react-router'

/** Links to a finding of the synthesis. */
export function FindingLink({ finding }: { finding: string }) {
  const { planId } = useParams({ from: '/plans/$planId' })
  return (
    <Link
      to="/plans/$planId"
      params={{ planId }}
      search={(before) => ({ ...before, tab: 'synthesis', finding, task: undefined })}
      resetScroll={false}
      className="inline-flex items-center rounded bg-synthesis-soft px-1.5 font-mono text-xs leading-5 text-synthesis hover:underline"
    >
      {finding}
    </Link>
  )
}
