import { afterAll, expect, test } from 'vitest'
import { aPlan, redis } from './plan-with-budget.ts'

afterAll(() => redis.disconnect())

test('a plan is stored with more inline files than a call has room for arguments', async () => {
  const names = Array.from({ length: 60_000 }, (_, index) => `f${index}`)
  const { id, plans } = await aPlan(1, {
    files: Object.fromEntries(names.map((name) => [name, name])),
  })
  const files = await plans.files(id)
  expect(Object.keys(files)).toHaveLength(60_000)
  expect(files.f59999).toBe('f59999')
})
