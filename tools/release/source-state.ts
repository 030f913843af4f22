// Which commit the images are made of. A work tree that holds anything else can't be said to be one.
import { run } from '../cli/exec.ts'
import { UserError } from '../cli/terminal.ts'

/** Returns the commit that is checked out in `folder`, in hex. Throws UserError if there is something else beside it. */
export async function readCommit(folder: string): Promise<string> {
  const git = (...args: string[]) => run('git', ['-C', folder, ...args])
  const changes = (await git('status', '--porcelain', '--untracked-files=all')).trim()
  if (changes !== '') {
    throw new UserError(
      `the work tree is not the commit: ${changes.split('\n').slice(0, 5).join(', ')}`,
      'commit or stash it; a release says which commit it is made of',
    )
  }
  return (await git('rev-parse', '--verify', 'HEAD')).trim()
}
