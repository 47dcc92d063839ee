export const orphan = 'orphan';
