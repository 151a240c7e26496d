int CCrypto_x(void); int CCrypto_x(void) {return 0;}
