import { expect, test } from 'vitest'
import type { OrderedEdits } from '../../../src/core/ports/workspaces.ts'
import { type Git, gitCommand } from '../../../src/workspace/git/git.ts'
import { sharedCommits } from '../../../src/workspace/git/shared-commits.ts'
import { taskCommits } from '../../../src/workspace/git/task-commits.ts'
import { aRepository, git as inFolder, running, temporaryFolder } from '../fixtures.ts'

/** A repository in which tasks append to a file, one after the other. */
async function aChain() {
  const folder = await aRepository(await temporaryFolder(), { 'a.txt': '0\n' })
  const base = (await inFolder(folder, 'rev-parse', 'HEAD')).trim()
  const repository = { gitDir: `${folder}/.git`, base, date: 1_700_000_000 }
  const commands: string[] = []
  const command = gitCommand()
  const git: Git = (args, call) => {
    commands.push(args[0] ?? '')
    return command(args, call)
  }
  const chain: OrderedEdits[] = []
  const add = () => {
    const at = chain.length
    const patch = `diff --git a/a.txt b/a.txt\n--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-${at}\n+${at + 1}\n`
    const after = at === 0 ? [] : [`t${at - 1}`]
    chain.push({ taskId: `t${at}`, edits: { base: 'any', patch, files: ['a.txt'] }, after })
  }
  return { repository, git, commands, chain, add }
}

test('the commits of a chain are made once, not for each of its tasks', async () => {
  const { repository, git, commands, chain, add } = await aChain()
  const commits = sharedCommits(git)
  const counts: number[] = []
  let start = ''
  for (let at = 0; at < 8; at += 1) {
    add()
    const before = commands.length
    start = await commits.startAfter('plan.0', repository, { after: chain, version: 'v' }, running)
    counts.push(commands.length - before)
  }
  expect(new Set(counts.slice(1)).size).toBe(1)
  const alone = taskCommits(git, repository, chain, running)
  expect(await alone.startAfter(chain.map(({ taskId }) => taskId))).toBe(start)
})

test('commits are made again for edits of another version, and for a folder that is new', async () => {
  const { repository, git, commands, chain, add } = await aChain()
  const commits = sharedCommits(git)
  add()
  const startAfter = (version: string | undefined) =>
    commits.startAfter('plan.0', repository, { after: chain, version }, running)
  const first = await startAfter('v')
  const once = commands.length
  expect(await startAfter('v')).toBe(first)
  expect(commands).toHaveLength(once)
  expect(await startAfter('w')).toBe(first)
  expect(commands).toHaveLength(2 * once)
  expect(await startAfter(undefined)).toBe(first)
  expect(commands).toHaveLength(3 * once)
  commits.forget('plan.0')
  expect(await startAfter('w')).toBe(first)
  expect(commands).toHaveLength(4 * once)
})
