import { Maximize2, ZoomIn, ZoomOut } from 'lucide-react'
import type { Order } from '../plan/plan-search.ts'
import { IconButton } from '../ui/button.tsx'
import { INPUT } from '../ui/field.tsx'
import type { View } from './view.ts'

interface ZoomControlsProps {
  view: View
  onZoom: (factor: number) => void
  onFit: () => void
}

export function ZoomControls({ view, onZoom, onFit }: ZoomControlsProps) {
  return (
    <div className="flex items-center">
      <IconButton label="Zoom in" onClick={() => onZoom(0.5)}>
        <ZoomIn className="size-4" aria-hidden />
      </IconButton>
      <IconButton label="Zoom out" disabled={view.kind === 'fit'} onClick={() => onZoom(2)}>
        <ZoomOut className="size-4" aria-hidden />
      </IconButton>
      <IconButton label="Show the whole timeline" disabled={view.kind === 'fit'} onClick={onFit}>
        <Maximize2 className="size-4" aria-hidden />
      </IconButton>
    </div>
  )
}

const ORDERS: { value: Order; label: string }[] = [
  { value: 'plan', label: 'In plan order' },
  { value: 'active', label: 'Running first' },
  { value: 'start', label: 'By start' },
  { value: 'duration', label: 'Longest first' },
  { value: 'status', label: 'By status' },
  { value: 'cost', label: 'Dearest first' },
]

export function OrderSelect(props: { value: Order; onChange: (order: Order) => void }) {
  return (
    <select
      aria-label="Order of the tasks"
      value={props.value}
      onChange={(event) => props.onChange(event.target.value as Order)}
      className={`${INPUT} h-8 w-auto pr-1 pl-2 text-[0.8125rem]`}
    >
      {ORDERS.map((order) => (
        <option key={order.value} value={order.value}>
          {order.label}
        </option>
      ))}
    </select>
  )
}
