export const limiter = 'limiter';
