import { formatUsd } from '../format/number.ts'

/** The cost of models. A dash means that nothing was used or that no price is known. */
export function Cost({ usd }: { usd: number }) {
  return usd === 0 ? <span title="No cost, or no known price">–</span> : formatUsd(usd)
}
