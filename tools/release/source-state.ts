// The commit that the images are built from. The work tree must contain nothing else.
import { run } from '../cli/exec.ts'
import { UserError } from '../cli/terminal.ts'

/** Returns the commit that is checked out in `folder`. Throws UserError if the work tree has changes. */
export async function readCommit(folder: string): Promise<string> {
  const git = (...args: string[]) => run('git', ['-C', folder, ...args])
  const changes = (await git('status', '--porcelain', '--untracked-files=all')).trim()
  if (changes !== '') {
    throw new UserError(
      `the work tree has changes: ${changes.split('\n').slice(0, 5).join(', ')}`,
      'Commit or remove them. A release names the commit that it is built from.',
    )
  }
  return (await git('rev-parse', '--verify', 'HEAD')).trim()
}
