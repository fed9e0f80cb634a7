import { formatCount } from '../format/number.ts'
import { Button } from './button.tsx'

export function MoreButton({ left, onClick }: { left: number; onClick: () => void }) {
  if (left === 0) return null
  return (
    <Button small className="mt-3" onClick={onClick}>
      Show more ({formatCount(left)} left)
    </Button>
  )
}
