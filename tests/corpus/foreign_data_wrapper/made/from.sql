create schema far;
