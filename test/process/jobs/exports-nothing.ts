export const rows = 10;
