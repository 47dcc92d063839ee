import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { expect } from 'chai';
import { hasEnded, ownIdentity } from '../../engine/services/process-identity.ts';

describe('the identity of a process', () => {
  const own = ownIdentity();

  before(function () {
    if (!existsSync('/proc/self/stat')) this.skip();
  });

  it('says that this one goes on', () => {
    expect(own).to.include({ pid: process.pid });
    expect(hasEnded(own)).to.equal(false);
  });

  it('knows one that has ended, and another one with the same pid', async () => {
    const child = spawn(process.execPath, ['-e', '']);
    await once(child, 'exit');
    expect(hasEnded({ pid: child.pid ?? 0, birth: own.birth })).to.equal(true);
    const [boot, place] = own.birth.split(' ');
    expect(hasEnded({ pid: process.pid, birth: `${boot} ${place} 1` })).to.equal(true);
  });

  it('never says that one of another machine or container has ended', () => {
    expect(hasEnded({ pid: 1, birth: 'another-boot pid:[1] 1' })).to.equal(false);
    expect(hasEnded({ pid: 1, birth: '' })).to.equal(false);
  });
});
