export const extract = 'extract';
