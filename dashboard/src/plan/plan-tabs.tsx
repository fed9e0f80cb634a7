import type { Counts, Plan, Synthesis } from '../api/types.ts'
import { CompareTab } from '../compare/compare-tab.tsx'
import type { PlanModel } from '../live/plan-model.ts'
import { SynthesisTab } from '../synthesis/synthesis-tab.tsx'
import { TimelineTab } from '../timeline/timeline-tab.tsx'
import { Tabs } from '../ui/tabs.tsx'
import { ConflictsTab } from './conflicts-tab.tsx'
import { PLAN_TABS, type PlanSearch, type PlanTab } from './plan-search.ts'
import { ReportTab } from './report-tab.tsx'
import { TodosTab } from './todos-tab.tsx'

const NONE: readonly Synthesis[] = []

interface PlanTabsProps {
  plan: Plan
  model: PlanModel
  counts: Counts
  live: boolean
  writing: boolean
  syntheses: readonly Synthesis[] | undefined
  synthesesError: unknown
  search: PlanSearch
  onTab: (tab: PlanTab) => void
  onTask: (taskId: string) => void
  onChanged: () => void
}

export function PlanTabs(props: PlanTabsProps) {
  const { plan, model, counts, live, syntheses, search } = props
  const newest = syntheses?.reduce<Synthesis | undefined>(
    (best, next) => (best === undefined || next.version > best.version ? next : best),
    undefined,
  )
  const conflicts = newest?.conflicts.length ?? 0
  const findings = newest?.findings.length ?? 0
  return (
    <Tabs
      label="Parts of the plan"
      className="mt-5"
      value={search.tab ?? 'timeline'}
      onChange={(value) => {
        const tab = PLAN_TABS.find((name) => name === value)
        if (tab !== undefined) props.onTab(tab)
      }}
      items={[
        {
          value: 'timeline',
          label: 'Timeline',
          content: (
            <TimelineTab
              planId={plan.id}
              model={model}
              counts={counts}
              live={live}
              syntheses={syntheses ?? NONE}
              selected={search.task}
              onSelect={props.onTask}
              onChanged={props.onChanged}
            />
          ),
        },
        {
          value: 'synthesis',
          label: 'Synthesis',
          note: findings > 0 ? `${findings}` : undefined,
          content: (
            <SynthesisTab
              plan={plan}
              syntheses={syntheses}
              error={props.synthesesError}
              writing={props.writing}
              finding={search.finding}
            />
          ),
        },
        {
          value: 'conflicts',
          label: 'Conflicts',
          note: conflicts > 0 ? `${conflicts}` : undefined,
          content: <ConflictsTab plan={plan} synthesis={newest} />,
        },
        {
          value: 'todos',
          label: 'Todos',
          content: <TodosTab planId={plan.id} live={live} />,
        },
        {
          value: 'report',
          label: 'Report',
          content: <ReportTab planId={plan.id} live={live} finishedAt={model.finishedAt} />,
        },
        {
          value: 'compare',
          label: 'Compare',
          content: <CompareTab plan={plan} version={`${plan.status}:${model.synthesisVersion}`} />,
        },
      ]}
    />
  )
}
