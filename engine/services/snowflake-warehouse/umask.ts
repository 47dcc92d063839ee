const { umask } = process;

/** Uploads that are under way. */
let uploads = 0;

/** The SDK sets the process's umask to 0 for some uploads, and leaves it so: meanwhile nobody can set it. */
export async function keepingUmask<T>(work: () => Promise<T>): Promise<T> {
  if (uploads++ === 0) {
    const own = umask.call(process, 0o077);
    umask.call(process, own);
    process.umask = () => own;
  }
  try {
    return await work();
  } finally {
    if (--uploads === 0) process.umask = umask;
  }
}
