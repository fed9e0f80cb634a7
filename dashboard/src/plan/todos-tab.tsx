import { useQuery } from '@tanstack/react-query'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useRef } from 'react'
import { todosQuery } from '../api/queries.ts'
import type { Todos } from '../api/types.ts'
import { formatCount } from '../format/number.ts'
import { classNames } from '../ui/class-names.ts'
import { Empty, Failed, Skeleton } from '../ui/page-states.tsx'
import { ScrollRegion } from '../ui/scroll-region.tsx'
import { StatusIcon } from '../ui/status.tsx'

type Todo = Todos['todos'][number]

const ICONS: Record<Todo['status'], string> = {
  pending: 'queued',
  in_progress: 'running',
  completed: 'succeeded',
}
const WORDS: Record<Todo['status'], string> = {
  pending: 'pending',
  in_progress: 'in progress',
  completed: 'completed',
}

/**
 * The plan as a to-do list, as an assistant would keep it, with several entries in progress at
 * once.
 */
export function TodosTab({ planId, live }: { planId: string; live: boolean }) {
  const query = useQuery(todosQuery(planId, live))
  if (query.isPending) return <Skeleton className="mt-6 h-48" />
  if (query.isError) return <Failed error={query.error} onRetry={() => void query.refetch()} />
  const { todos } = query.data
  if (todos.length === 0) return <Empty title="Nothing to do" />
  const open = todos.filter((todo) => todo.status === 'in_progress').length
  return (
    <div className="max-w-3xl pt-5">
      <p className="mb-3 text-sm text-ink-2">
        {formatCount(todos.filter((todo) => todo.status === 'completed').length)} of{' '}
        {formatCount(todos.length)} completed
        {open > 0 && `, ${formatCount(open)} in progress at once`}
      </p>
      <TodoList todos={todos} />
    </div>
  )
}

function TodoList({ todos }: { todos: Todo[] }) {
  const scroller = useRef<HTMLDivElement>(null)
  const virtualizer = useVirtualizer({
    count: todos.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => 34,
    overscan: 20,
  })
  return (
    <ScrollRegion
      ref={scroller}
      label="Todos"
      className="max-h-[calc(100dvh-20rem)] min-h-40 overflow-y-auto"
    >
      <ul className="relative" style={{ height: virtualizer.getTotalSize() }}>
        {virtualizer.getVirtualItems().map((item) => {
          const todo = todos[item.index]
          if (todo === undefined) return null
          return (
            <li
              key={item.key}
              className="absolute inset-x-0 top-0 flex items-center gap-2.5 px-1"
              style={{ height: item.size, transform: `translateY(${item.start}px)` }}
            >
              <StatusIcon status={ICONS[todo.status]} />
              <span className="sr-only">{WORDS[todo.status]}: </span>
              <span
                className={classNames(
                  'truncate',
                  todo.status === 'completed' && 'text-ink-3 line-through decoration-line-strong',
                )}
              >
                {todo.status === 'in_progress' ? todo.activeForm : todo.content}
              </span>
            </li>
          )
        })}
      </ul>
    </ScrollRegion>
  )
}
