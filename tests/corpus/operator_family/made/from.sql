create schema sorts;
